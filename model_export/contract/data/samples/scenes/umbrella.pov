// An open umbrella in the colours of the rainbow, set down on a paved square.
#include "common.inc"
camera { location <-0.6, 1.8, -7.6> look_at <0.1, 1.14, 0> angle 38 right x*4/3 }
light_source { <-26, 44, -30> rgb <1.0, 0.96, 0.9>*1.05 area_light x*5, y*5, 4, 4 adaptive 1 jitter }
background { rgb <0.52, 0.56, 0.62> }
// paving: slabs with dark joints
plane { y, 0
  pigment { brick pigment { RGB(96, 94, 90) }, pigment { granite color_map { [0 RGB(128, 126, 122)] [0.5 RGB(156, 152, 146)] [1 RGB(176, 172, 166)] } }
    brick_size <1.6, 9, 0.8> mortar 0.035 }
  normal { granite 0.12 scale 0.3 } finish { diffuse 0.75 } }
// a plastered wall with a plinth
plane { -z, -6 pigment { bozo turbulence 0.6 octaves 5 scale 2 color_map { [0 RGB(186, 178, 164)] [1 RGB(208, 202, 190)] } } normal { granite 0.1 scale 0.6 } finish { diffuse 0.7 } }
box { <-40, 0, 5.8>, <40, 0.7, 6> pigment { granite color_map { [0 RGB(110, 106, 100)] [1 RGB(140, 136, 130)] } } }
#declare Gores = 8;
#declare Cloth = array[8];
#declare Cloth[0] = RGB(206, 30, 36); #declare Cloth[1] = RGB(232, 110, 28); #declare Cloth[2] = RGB(244, 200, 40);
#declare Cloth[3] = RGB(60, 150, 64); #declare Cloth[4] = RGB(30, 130, 160); #declare Cloth[5] = RGB(36, 74, 168);
#declare Cloth[6] = RGB(96, 48, 140); #declare Cloth[7] = RGB(190, 40, 110);
// a point on a rib, S from 0 (tip) to 1 (rim), at the angle A
#macro Rib(S, A) #local T = S*68; <1.95*sin(radians(T))*cos(radians(A)), 1.62*cos(radians(T)), 1.95*sin(radians(T))*sin(radians(A))> #end
#macro Skin(S0, U, G)
  #local S = S0*(1 - 0.075*4*U*(1-U)*S0);
  #local A0 = 360/Gores*G; #local A1 = 360/Gores*(G + 1);
  (Rib(S, A0)*(1-U) + Rib(S, A1)*U)*(1 - 0.03*4*U*(1-U)*sin(pi*S))
#end
#macro Across(S, U, G) vnormalize(vcross(Skin(S + 0.01, U, G) - Skin(S - 0.01, U, G), Skin(S, U + 0.02, G) - Skin(S, U - 0.02, G))) #end
#declare NS = 12; #declare NU = 10;
#declare Umbrella = union {
  #local G = 0;
  #while (G < Gores)
    mesh {
      #local I = 0;
      #while (I < NS)
        #local J = 0;
        #while (J < NU)
          #local A = max(I/NS, 0.01); #local B = (I+1)/NS; #local C = J/NU; #local D = (J+1)/NU;
          #local P10 = Skin(B, C, G); #local N10 = Across(B, C, G);
          #local P01 = Skin(A, D, G); #local N01 = Across(A, D, G);
          smooth_triangle { Skin(A, C, G), Across(A, C, G), P10, N10, P01, N01 }
          smooth_triangle { P10, N10, Skin(B, D, G), Across(B, D, G), P01, N01 }
          #local J = J + 1;
        #end
        #local I = I + 1;
      #end
      pigment { Cloth[G] } finish { diffuse 0.62, 0.28 specular 0.12 roughness 0.08 }
    }
    #local I = 0;
    #while (I < 14)
      cylinder { Rib(I/14, 360/Gores*G)*0.992, Rib((I+1)/14, 360/Gores*G)*0.992, 0.012 pigment { RGB(60, 60, 64) } }
      #local I = I + 1;
    #end
    cylinder { Rib(0.5, 360/Gores*G)*0.99, <0, 0.35, 0>, 0.011 pigment { RGB(80, 80, 84) } }
    sphere { Rib(1, 360/Gores*G), 0.03 pigment { RGB(40, 40, 44) } }
    #local G = G + 1;
  #end
  cylinder { <0, -1.15, 0>, <0, 1.95, 0>, 0.03 pigment { RGB(70, 70, 74) } finish { specular 0.5 } }
  cone { <0, 1.6, 0>, 0.06, <0, 1.98, 0>, 0.025 pigment { RGB(30, 28, 28) } }
  cylinder { <0, 0.28, 0>, <0, 0.42, 0>, 0.06 pigment { RGB(30, 28, 28) } }
  // crook
  sphere_sweep { cubic_spline 8, <0, -0.6, 0>, 0.055, <0, -0.95, 0>, 0.055, <0, -1.3, 0>, 0.06, <0.06, -1.52, 0>, 0.06, <0.24, -1.6, 0>, 0.06,
    <0.41, -1.5, 0>, 0.06, <0.45, -1.3, 0>, 0.055, <0.45, -1.1, 0>, 0.05
    pigment { RGB(120, 66, 30) } finish { specular 0.4 roughness 0.02 } }
}
// lying on its rim and crook, the top turned towards us
object { Umbrella rotate y*8 rotate <-52, 0, 0> rotate y*38 translate <0.1, 1.07, 0.2> }
