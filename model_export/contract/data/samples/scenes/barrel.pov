// An oak barrel with iron hoops on a stone floor, before a brick wall.
#include "common.inc"
camera { location <-1.4, 2.7, -7.2> look_at <0.05, 1.28, 0> angle 34 right x*4/3 }
Lamp(<-6, 9, -6>, rgb <1.0, 0.93, 0.82>*1.1, 4)
background { rgb <0.36, 0.36, 0.38> }
plane { y, 0
  pigment { brick pigment { RGB(70, 66, 60) }, pigment { granite color_map { [0 RGB(106, 100, 92)] [0.5 RGB(136, 130, 120)] [1 RGB(160, 152, 140)] } }
    brick_size <1.5, 9, 1.1> mortar 0.05 }
  normal { granite 0.3 scale 0.7 } finish { diffuse 0.75 } }
plane { -z, -3.2
  pigment { brick pigment { RGB(150, 142, 130) }, pigment { granite color_map { [0 RGB(108, 52, 38)] [0.5 RGB(140, 74, 54)] [1 RGB(166, 98, 74)] } }
    brick_size <0.62, 0.22, 9> mortar 0.028 translate <0.1, 0, 3> }
  normal { brick 0.4 brick_size <0.62, 0.22, 9> mortar 0.028 translate <0.1, 0, 3> } finish { diffuse 0.72 } }
// twenty staves: radius swells in the middle, a groove where two meet
#declare f_swell = function { 0.86 + 0.24*(1 - pow((y - 1.25)/1.25, 2)) }
#declare f_joint = function { max(0, 1 - abs(abs(mod(atan2(z, x)/(2*pi)*20 + 20, 1) - 0.5) - 0.5)*sqrt(x*x+z*z)*0.314/0.012) }
#declare Stave = array[3] { 0, 1, 2 }
#declare f_stave = function { floor(atan2(z, x)/(2*pi)*20 + 20) }
#declare f_grain = function { 0.40*f_noise(x*16 + 7*f_stave(x,y,z), y*0.9 + 3.3*f_stave(x,y,z), z*16)
  + 0.30*f_noise(x*40, y*2.2 + 9.1*f_stave(x,y,z), z*40) + 0.30*f_noise(f_stave(x,y,z)*5.37, 2.5, 8.5) }
union {
  difference {
    isosurface {
      function { sqrt(x*x + z*z) - f_swell(x, y, z) + 0.014*f_joint(x, y, z) }
      contained_by { box { <-1.2, 0, -1.2>, <1.2, 2.5, 1.2> } } max_gradient 2.6 accuracy 0.002 }
    cylinder { <0, 2.38, 0>, <0, 2.6, 0>, 0.80 }
    texture { pigment { function { f_grain(x, y, z) } color_map { [0.25 RGB(92, 56, 28)] [0.5 RGB(142, 94, 52)] [0.75 RGB(184, 134, 82)] } }
      normal { granite 0.15 scale <0.06, 1.2, 0.06> } finish { diffuse 0.78 specular 0.1 roughness 0.06 } }
  }
  cylinder { <0, 2.3, 0>, <0, 2.37, 0>, 0.83
    pigment { wood turbulence 0.05 scale <0.07, 0.07, 2> rotate y*12 color_map { [0 RGB(160, 112, 66)] [0.7 RGB(142, 96, 54)] [1 RGB(98, 60, 30)] } } }
  #local H = array[6] { 0.07, 0.42, 0.86, 1.64, 2.08, 2.43 }
  #local I = 0;
  #while (I < 6)
    #local RA = 0.875 + 0.24*(1 - pow((H[I] - 0.07 - 1.25)/1.25, 2));
    #local RB = 0.875 + 0.24*(1 - pow((H[I] + 0.07 - 1.25)/1.25, 2));
    cone { <0, H[I] - 0.07, 0>, RA, <0, H[I] + 0.07, 0>, RB open
      texture { pigment { granite scale 0.5 color_map { [0 RGB(46, 42, 40)] [0.6 RGB(76, 72, 70)] [0.85 RGB(110, 74, 48)] [1 RGB(120, 84, 56)] } }
        normal { bumps 0.2 scale 0.06 } finish { diffuse 0.6 specular 0.35 roughness 0.06 } } }
    #local I = I + 1;
  #end
  // bung
  cylinder { <0, 1.25, -1.13>, <0, 1.25, -1.0>, 0.09 pigment { RGB(190, 150, 100) } rotate y*18 }
}
