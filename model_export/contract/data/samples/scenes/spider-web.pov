// An orb web with dew, before a dark, out-of-focus hedge, lit from behind.
#declare Bounce = 0;
#include "common.inc"
camera { location <0, 0, -6> look_at <0, -0.02, 0> angle 36 right x*4/3 }
light_source { <-5, 7, 5> rgb <1.0, 0.97, 0.9>*1.0 }
light_source { <4, 5, -8> rgb <0.9, 0.95, 1>*0.8 }
plane { -z, -5
  pigment { bozo turbulence 0.15 octaves 2 scale 1.4 translate 3
    color_map { [0.2 RGB(14, 26, 14)] [0.5 RGB(34, 56, 26)] [0.75 RGB(58, 86, 40)] [1 RGB(120, 146, 80)] } }
  finish { ambient 1 diffuse 0 } }
#declare Silk = texture { pigment { RGB(226, 230, 232) } finish { diffuse 0.75 ambient 0.42 specular 0.5 roughness 0.05 } }
#declare Seed = seed(42);
#declare Spokes = 22;
#declare Angle = array[Spokes];
#declare Reach = array[Spokes];
#declare I = 0;
#while (I < Spokes)
  #declare Angle[I] = 360/Spokes*(I + 0.4*(rand(Seed) - 0.5));
  #declare Reach[I] = 1.45 + 0.18*rand(Seed);
  #declare I = I + 1;
#end
#declare Hub = <-0.06, 0.12, 0>;
#macro At(K, R) (Hub + <R*1.08*cos(radians(Angle[K])), R*sin(radians(Angle[K])), 0>) #end
union {
  #declare I = 0;
  #while (I < Spokes)
    #local Far = 2.6 + 0.5*mod(I*7, 3);
    cylinder { Hub, At(I, select(mod(I, 3), Reach[I], Far, Reach[I])), 0.0050 }
    #declare I = I + 1;
  #end
  // frame threads
  #declare I = 0;
  #while (I < Spokes)
    cylinder { At(I, Reach[I]), At(mod(I+1, Spokes), Reach[mod(I+1, Spokes)]), 0.0052 }
    #declare I = I + 1;
  #end
  // the spiral, sagging between spokes, strung with dew
  #declare N = 0;
  #declare Turns = 25;
  #while (N < Spokes*Turns)
    #local K = mod(N, Spokes); #local K2 = mod(N + 1, Spokes);
    #local R1 = 0.16 + 1.22*N/(Spokes*Turns) + 0.010*(rand(Seed) - 0.5);
    #local R2 = 0.16 + 1.22*(N+1)/(Spokes*Turns);
    #local A = At(K, R1); #local B = At(K2, R2);
    #local M = (A + B)/2*0.985 + Hub*0.015 - y*0.012*R1;
    cylinder { A, M, 0.0032 } cylinder { M, B, 0.0032 }
    #local D = 0;
    #while (D < 2 + 3*R1)
      #local U = rand(Seed);
      sphere { (1-U)*(1-U)*A + 2*U*(1-U)*M + U*U*B, 0.005 + 0.006*rand(Seed) }
      #local D = D + 1;
    #end
    #declare N = N + 1;
  #end
  texture { Silk }
}
// the spider in the middle
union {
  sphere { 0, 1 scale <0.075, 0.11, 0.07> translate <0, 0.06, -0.05> pigment { bozo scale 0.03 color_map { [0 RGB(70, 44, 22)] [1 RGB(150, 110, 60)] } } }
  sphere { 0, 1 scale <0.05, 0.06, 0.045> translate <0, -0.08, -0.05> pigment { RGB(74, 48, 26) } }
  #declare S = -1;
  #while (S < 2)
    #declare L = 0;
    #while (L < 4)
      #local Q = 62 - L*42;
      sphere_sweep { linear_spline 3, <0, -0.07, -0.05>, 0.014, <S*0.15*cos(radians(Q)), -0.05 + 0.17*sin(radians(Q)), -0.1>, 0.011,
        <S*0.27*cos(radians(Q)), -0.06 + 0.33*sin(radians(Q)), -0.01>, 0.006 pigment { RGB(82, 54, 30) } }
      #declare L = L + 1;
    #end
    #declare S = S + 2;
  #end
  translate Hub
}
