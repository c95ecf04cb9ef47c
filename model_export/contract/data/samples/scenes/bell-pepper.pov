// A red, a yellow and a green bell pepper on a white worktop.
#include "common.inc"
camera { location <0.2, 2.7, -7.1> look_at <0.1, 1.06, 0> angle 37 right x*4/3 }
Lamp(<-6, 9, -5>, rgb <1.0, 0.97, 0.92>*1.1, 4)
background { rgb <0.5, 0.51, 0.53> }
plane { y, 0 pigment { bozo turbulence 0.6 scale 2 color_map { [0 RGB(206, 200, 190)] [1 RGB(226, 222, 214)] } } finish { diffuse 0.72 } }
SoftWall(9, RGB(198, 202, 204), RGB(160, 166, 170), 5)
// a window, seen only as a highlight
union {
  box { <-1.3, -1.6, 0>, <-0.1, 1.6, 0.05> } box { <0.1, -1.6, 0>, <1.3, 1.6, 0.05> }
  pigment { rgb 1 } finish { emission 1.5 ambient 0 diffuse 0 } no_image no_shadow no_radiosity
  rotate y*-45 rotate x*30 translate <-6, 7.5, -5>
}
// four lobes, hollows at both ends, narrower below
#declare f_ro = function { sqrt(x*x + z*z) }
#declare f_lobe = function { pow(abs(cos(2*atan2(z, x))), 0.85) }
#declare f_w = function { 0.90 + 0.12*f_lobe(x, 0, z) + 0.13*y - 0.05*y*y }
#declare f_h = function { 1.08 - 0.42*exp(-(x*x + z*z)/0.11) - 0.05*(1 - f_lobe(x, 0, z))*f_ro(x, 0, z) }
#declare f_pepper = function {
  pow(pow(f_ro(x,y,z)/f_w(x,y,z), 2.7) + pow(abs(y)/f_h(x,y,z), 2.7), 1/2.7) - 0.95
  - 0.10*f_noise(x*1.2, y*1.0, z*1.2) }
#macro Pepper(A, B)
union {
  isosurface {
    function { f_pepper(x, y, z) }
    contained_by { box { <-1.25, -1.2, -1.25>, <1.25, 1.2, 1.25> } } max_gradient 2.4 accuracy 0.005
    texture { pigment { bozo scale 0.7 turbulence 0.5 color_map { [0 A] [1 B] } }
      normal { bumps 0.05 scale 0.3 }
      finish { diffuse 0.75 specular 0.45 roughness 0.006 reflection { 0.015, 0.42 fresnel on } conserve_energy } }
    interior { ior 1.5 } }
  sphere_sweep { cubic_spline 6, <0, 0.3, 0>, 0.2, <0, 0.6, 0>, 0.16, <0.01, 0.80, 0>, 0.085, <0.04, 1.0, 0>, 0.07,
    <0.14, 1.20, 0>, 0.085, <0.3, 1.4, 0>, 0.09
    pigment { wood scale 0.1 turbulence 0.4 color_map { [0 RGB(84, 122, 40)] [1 RGB(116, 150, 62)] } } finish { diffuse 0.8 specular 0.1 } }
  #local I = 0;
  #while (I < 6)
    sphere { 0, 1 scale <0.2, 0.04, 0.1> rotate z*12 translate <0.2, 0.70, 0> rotate y*(60*I + 12) pigment { RGB(92, 132, 44) } }
    #local I = I + 1;
  #end
}
#end
object { Pepper(RGB(190, 20, 14), RGB(214, 36, 20)) rotate <-6, 30, 5> translate <-1.12, 1.02, 0.1> }
object { Pepper(RGB(240, 178, 16), RGB(248, 200, 36)) scale 0.96 rotate <-10, 75, -6> translate <1.18, 0.98, 0.9> }
object { Pepper(RGB(46, 100, 28), RGB(66, 122, 36)) scale 0.86 rotate y*60 rotate <0, 0, -88> rotate y*38 translate <0.75, 0.80, -1.1> }
